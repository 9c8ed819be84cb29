"""The desk's own data on orders: whose work, how urgent, held, tagged, watched, spoken of."""
