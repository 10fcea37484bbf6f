"""What a report says besides its charts: findings told with the result's own numbers, and its tables."""
