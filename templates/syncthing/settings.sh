#!/bin/sh
# Tells the running Syncthing what the configuration says.
set -eu
url={{ ('http://' ~ (gui_address | replace('0.0.0.0', '127.0.0.1'))) | shell }}

key=
tries=0
while :; do
  for file in {{ (absolute(home) ~ '/config.xml') | shell if home else '"${XDG_STATE_HOME:-$HOME/.local/state}/syncthing/config.xml" "${XDG_CONFIG_HOME:-$HOME/.config}/syncthing/config.xml" "$HOME/Library/Application Support/Syncthing/config.xml"' }}; do
    [ -r "$file" ] && key=$(sed -n 's:.*<apikey>\(.*\)</apikey>.*:\1:p' "$file") && [ -n "$key" ] && break
  done
  [ -n "$key" ] && curl -fsSLk -o /dev/null -H "X-API-Key: $key" "$url/rest/system/ping" 2>/dev/null && break
  tries=$((tries + 1))
  if [ "$tries" -ge "${HCC_SYNCTHING_TRIES:-30}" ]; then
    echo "Syncthing does not answer at $url" >&2
    exit 1
  fi
  sleep 1
done

say() { curl -fsSLk -o /dev/null -H "X-API-Key: $key" -X "$1" "$url/rest/config/$2" ${3+-d "$3"}; }
{% if override_devices or override_folders %}
# Identifiers of what is there.
ids() { curl -fsSLk -H "X-API-Key: $key" "$url/rest/config/$1" | tr ',{}' '\n\n\n' | sed -n "s/^ *\"$2\": *\"\([^\"]*\)\" *$/\1/p" | sort -u; }
own=$(curl -fsSLk -H "X-API-Key: $key" "$url/rest/system/status" | tr ',{}' '\n\n\n' | sed -n 's/^ *"myID": *"\([^"]*\)" *$/\1/p')
{% endif %}
{% if override_folders %}
for id in $(ids folders id); do
  case $id in
{% for id in folder %}
    {{ id | shell }}) ;;
{% endfor %}
    *) say DELETE "folders/$id" ;;
  esac
done
{% endif %}
{% for name, d in device | items %}
say POST devices {{ {'deviceID': d.id, 'name': name, 'addresses': d.addresses} | json | shell }}
{% if d.introducer is not none %}
say PATCH devices/{{ d.id }} {{ {'introducer': d.introducer} | json | shell }}
{% endif %}
{% if d.settings %}
say PATCH devices/{{ d.id }} {{ d.settings | json | shell }}
{% endif %}
{% endfor %}
{% for id, f in folder | items %}
say POST folders {{ ('{"id": ' ~ (id | json) ~ ', "label": ' ~ ((f.label or id) | json) ~ ', "path": ' ~ (absolute(f.path) | json) ~ ', "type": ' ~ (f.type | json) ~ ', "devices": [') | shell }}{% for name in f.devices if name in device %}{{ ((', ' if not loop.first else '') ~ '{"deviceID": ' ~ (device[name].id | json) ~ '}') | shell }}{% endfor %}{{ ']}' | shell }}
{% if f.settings %}
say PATCH folders/{{ id }} {{ f.settings | json | shell }}
{% endif %}
{% endfor %}
{% if override_devices %}
for id in $(ids devices deviceID); do
  case $id in
    "$own"{% for name, d in device | items %} | {{ d.id }}{% endfor %}) ;;
    *) say DELETE "devices/$id" ;;
  esac
done
{% endif %}
{% if options %}
say PATCH options {{ options | json | shell }}
{% endif %}
{% if gui %}
say PATCH gui {{ gui | json | shell }}
{% endif %}
