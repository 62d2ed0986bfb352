"""What real sensors make of an ideal picture: noise, blur, holes, drift and frozen frames."""
