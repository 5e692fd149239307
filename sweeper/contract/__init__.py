"""What passes between a hybrid job and whoever runs it: strings in, results and metrics out."""
