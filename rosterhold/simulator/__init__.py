"""A stand-in for Clever on a real port: any district, any fault.

It serves tests, demonstrations and benchmarks, and stands alone: nothing here imports the rest of
Rosterhold. `server.SimulatorServer` serves a `world.World` of districts; `generate` and `files`
make districts, `changes` moves their data, `faults` spoils answers.
"""
