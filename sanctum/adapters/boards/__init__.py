"""TensorBoard in Sanctum's words: what its tags mean, its event files, and runs made of them.

`course` makes updates, columns and episodes of scalars, whether a script says them now or a file
holds them; only `files` knows the tensorboard package.
"""
