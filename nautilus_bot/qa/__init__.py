"""Quality assurance on a running bot: inject signals, follow each to its end, report."""
