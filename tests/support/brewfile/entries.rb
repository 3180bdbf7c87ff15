# What Homebrew makes of Brewfiles, on macOS and on Linux: for each kind of entry its names with their
# options in order, each cask with the arguments of all casks above it; said twice is said once.
require "json"
class Entries < BasicObject
  def initialize(mac)
    @mac, @all, @casks = mac, {}, {}
  end
  attr_reader :all
  def self.const_missing(_) = ::Module.new
  def cask_args(options) = @casks = @casks.merge(options)
  def method_missing(kind, name, *rest)
    options = {}
    rest.each { |own| own.is_a?(::Hash) ? options.merge!(own) : options[:url] = own }
    options[:args] = @casks.merge(options[:args] || {}) if kind == :cask
    entry = [name, ::Kernel.instance_method(:then).bind_call(options) { |own| ::Object.send(:plain, own) }]
    list = (@all[kind] ||= [])
    list << entry unless list.include?(entry)
  end
end
# Without what is nothing: `nil`, an empty list or object.
def plain(value)
  case value
  when Hash
    pairs = value.map { |key, own| [key.to_s, plain(own)] }
    pairs.reject { |_, own| own.nil? || own == [] || own == {} }.sort.to_h
  when Array then value.map { |own| plain(own) }
  when Symbol then value.to_s
  else value
  end
end
module OS
  def self.mac? = $mac
  def self.linux? = !$mac
end
Entries.const_set(:OS, OS)
ARGV.each do |argument|
  system, path = argument.split(":", 2)
  $mac = system == "darwin"
  entries = Entries.new($mac)
  entries.instance_eval(File.read(path, encoding: "BOM|UTF-8"), path)
  puts JSON.generate(entries.all)
end
