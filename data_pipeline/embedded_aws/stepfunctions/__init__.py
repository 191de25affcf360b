"""Step Functions: definitions checked and kept, executions interpreted, calls made with the machine's role."""
