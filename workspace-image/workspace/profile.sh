# In /etc/profile.d: /etc/profile gives a login shell its PATH, which knows no ~/.local/bin.
PATH="$HOME/.local/bin:$PATH"
