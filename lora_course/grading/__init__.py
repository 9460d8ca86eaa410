"""A folder of submitted notebooks -> sandboxed execution -> grades and feedback."""
