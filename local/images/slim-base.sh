# Makes a debootstrapped folder ($1) as slim as Debian's own slim image: no pages for people, no package lists.
set -eu
cd "$1"
cat > etc/dpkg/dpkg.cfg.d/slim <<'END'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/groff/*
path-exclude /usr/share/info/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
END
cat > etc/apt/apt.conf.d/slim <<'END'
Acquire::Languages "none";
Apt::AutoRemove::SuggestsImportant "false";
END
find usr/share/doc ! -type d ! -name copyright -delete
find usr/share/doc -depth -type d -empty -delete
rm -rf usr/share/groff/* usr/share/info/* usr/share/lintian/* usr/share/locale/* usr/share/man/* \
  var/cache/apt/* var/lib/apt/lists/* var/log/*
rm -f etc/hostname etc/resolv.conf
