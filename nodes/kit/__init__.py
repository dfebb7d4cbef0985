"""What nodes of several shelves share. Holds no node; imports no shelf."""
