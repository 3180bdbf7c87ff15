{{ env }}
{%- if login %}
if status is-login
{{ login }}end
{% endif %}
{% if init %}
if status is-interactive
{{ init }}end
{% endif %}
