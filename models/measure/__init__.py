"""What is measured, from outside: the path and the stories hold no statistics."""
