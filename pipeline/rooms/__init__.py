"""A run's folder: rooms, versions, manifests, and the recipes behind them; Parquet and ledgers as all write them."""
