"""The only room that speaks to AWS: boto3 in, plain values out. Imports ``core`` alone; prints nothing."""
