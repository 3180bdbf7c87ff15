function {{ own.key | fish }}
{%- if own.description %} --description {{ own.description | fish }}{% endif %}
{%- if own.wraps %} --wraps {{ own.wraps | fish }}{% endif %}
{%- if own.on_event %} --on-event {{ own.on_event | fish }}{% endif %}
{%- if own.on_variable %} --on-variable {{ own.on_variable | fish }}{% endif %}
{%- if own.on_signal %} --on-signal {{ own.on_signal | fish }}{% endif %}
{%- if own.on_job_exit %} --on-job-exit {{ own.on_job_exit | fish }}{% endif %}
{%- if own.on_process_exit %} --on-process-exit {{ own.on_process_exit | fish }}{% endif %}
{%- if own.no_scope_shadowing %} --no-scope-shadowing{% endif %}
{%- for name in own.inherit_variables %} --inherit-variable {{ name | fish }}{% endfor %}
{%- if own.arguments %} --argument-names {{ own.arguments | map("fish") | join(" ") }}{% endif %}

{{ own.body }}end
