"""A session on one time line in Rerun: pictures, the face in depth and heat, traces, markers."""
