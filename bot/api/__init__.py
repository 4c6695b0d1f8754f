"""What the doors over HTTP share: who calls, what an endpoint is, how a refusal is answered."""
