set -l plugin {{ at | fish }}
test -d $plugin/functions; and set -p fish_function_path $plugin/functions
test -d $plugin/completions; and set -p fish_complete_path $plugin/completions
for file in $plugin/conf.d/*.fish $plugin/init.fish
    test -r $file; and source $file
end
