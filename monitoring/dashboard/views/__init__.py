"""The pages of the panel, one file each: what they show comes from the pure modules beside this folder."""
