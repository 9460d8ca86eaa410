"""A Jupyter kernel that nothing gets out of: no network, no host files, no privileges, limits."""
