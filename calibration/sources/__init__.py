"""Where views of the board come from: sessions, folders of pictures, videos."""
