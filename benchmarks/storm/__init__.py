"""What a server has to stand: killed workers, strange addresses, damaged files."""
