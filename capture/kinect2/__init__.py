"""What the drivers of the Kinect v2 share, and how each of its two libraries is spoken to."""
