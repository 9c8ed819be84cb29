"""What a person or a job asks of a channel right now: a connector in hand, a service called."""
