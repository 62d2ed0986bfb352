"""From a scene and a rig to what perfect cameras would see."""
