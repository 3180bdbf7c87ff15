# Evaluates a Brewfile in an object that records every call, and prints what it saw. Before, Ripper
# has to find nothing in it but calls and literals.
require "json"
require "ripper"
source = File.read(ARGV[0])
allowed = %i[program void_stmt command call_args args_new args_add args_add_block arg_paren string_literal string_content string_add
  assoc_new bare_assoc_hash assoclist_from_args hash array symbol_literal symbol var_ref method_add_arg fcall
  stmts_new stmts_add array_new command_call unary -@]
tokens = %i[@ident @tstring_content @int @label @kw @const @float]
walk = lambda do |node|
  next unless node.is_a?(Array)
  head = node[0]
  if head.is_a?(Symbol)
    if head.to_s.start_with?("@")
      abort "the token #{node.inspect}" unless tokens.include?(head)
      abort "the word #{node[1]}" if head == :@kw && !%w[true false].include?(node[1])
    else
      abort "the construct #{head}" unless allowed.include?(head)
    end
  end
  node.each { |inner| walk.call(inner) }
end
tree = Ripper.sexp(source) or abort "a syntax error"
walk.call(tree)
class Recorder < BasicObject
  def seen = @seen ||= []
  def method_missing(name, *args, **options) = seen << [name, args, options]
end
recorder = Recorder.new
recorder.instance_eval(source)
puts JSON.generate(recorder.seen)
