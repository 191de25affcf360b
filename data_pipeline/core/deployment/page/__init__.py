"""What a deployment will change, as a page: from change sets with their values to text, JSON and Markdown; pure."""
