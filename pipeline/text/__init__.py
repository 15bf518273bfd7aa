"""What kernels ask of a text: its code points, scripts without spaces, blocks of code, hashes."""
