"""What a template says by CloudFormation's own means: conditions, functions, references, and the policies in it.

Nothing is said of what CloudFormation only knows when it deploys: a macro, a value that a parameter brings.
"""
