"""What tests of several kinds share. Nothing in here uses flatsplit's own catalog reader."""
