"""Search for parameters: Optuna over the fast simulation, studies kept or shared, finalists on the node."""
