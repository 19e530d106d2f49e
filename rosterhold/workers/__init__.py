"""Workers: thin shells that load, call a pure function, save, and say what follows."""
