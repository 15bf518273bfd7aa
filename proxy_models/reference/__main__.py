"""`python -m proxy_models.reference prepare | run`: the commands of `experiment`."""

import sys

from proxy_models.reference.experiment import main

sys.exit(main())
