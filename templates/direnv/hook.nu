$env.config.hooks.pre_prompt = ($env.config.hooks.pre_prompt? | default [] | append {||
    if (which direnv | is-empty) { return }
    let said = (direnv export json | from json | default {})
    let gone = ($said | columns | where {|name| ($said | get $name) == null })
    hide-env --ignore-errors ...$gone
    $said | reject ...$gone | load-env
    if "PATH" in $said { $env.PATH = ($env.PATH | split row (char esep)) }
})
