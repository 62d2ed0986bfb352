"""The ground every stage stands on; imports no click, flask, cv2 or torch."""
