"""What an operator may ask of a running bot, and who may ask it."""
