# In /etc/profile.d: a login shell, as tmux starts it, gets its PATH from /etc/profile, which knows no ~/.local/bin.
PATH="$HOME/.local/bin:$PATH"
