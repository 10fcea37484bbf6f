"""The hypervisor: mechanisms (no clock), paths (carry each I/O), stories (what happens to a VM). Opens no file."""
