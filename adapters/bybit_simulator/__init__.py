"""A Bybit V5 exchange on this machine: REST, public, private and trade streams, faults on demand."""
