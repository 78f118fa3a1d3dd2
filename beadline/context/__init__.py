"""What the cursor needs: syntax and files. Knows no model and no protocol."""
