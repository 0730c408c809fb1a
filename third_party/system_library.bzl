"""Makes a Bazel repository of a library that Debian installed.

Only the library's own header folders are linked, so that `-isystem` never names /usr/include itself: that would break
the C++ standard headers' #include_next. The linker finds the libraries in its default folders, by linkopts. A missing
library stops the build with the name of the package to install; an `optional` one gives its BUILD file `FOUND = False`.
"""

_INCLUDE = "/usr/include/"
_BIN = "/usr/bin/"

def _system_library_impl(ctx):
    wanted = [(_INCLUDE + name, "include/" + name) for name in ctx.attr.headers]
    wanted += [(_BIN + name, "bin/" + name) for name in ctx.attr.programs]
    missing = [source for source, _ in wanted if not ctx.path(source).exists]
    if missing and not ctx.attr.optional:
        fail("%s is not installed: %s missing. Remedy: apt-get install %s (or use ./run, which installs all it needs)" %
             (ctx.name, ", ".join(missing), ctx.attr.package))
    if not missing:
        for source, link in wanted:
            ctx.symlink(source, link)
    found = '"""The library, and whether the system has it."""\n\nNAME = "%s"\n\nFOUND = %s\n'
    ctx.file("found.bzl", found % (ctx.name, not missing))
    ctx.symlink(ctx.attr.build_file, "BUILD.bazel")

system_library = repository_rule(
    implementation = _system_library_impl,
    attrs = {
        "build_file": attr.label(mandatory = True, allow_single_file = True),
        "headers": attr.string_list(doc = "Files and folders under /usr/include that belong to the library."),
        "optional": attr.bool(doc = "Whether the build goes on without it."),
        "package": attr.string(mandatory = True, doc = "The Debian packages that bring it."),
        "programs": attr.string_list(doc = "Programs under /usr/bin that builds run."),
    },
    local = True,  # Looked at again whenever a Bazel server starts.
)
