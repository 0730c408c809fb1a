"""How a Cap'n Proto schema becomes a C++ library."""

def cc_capnp_library(name, srcs, deps = [], **kwargs):
    """Generates and compiles `<src>.h` and `<src>.c++` of each schema, with the system's compiler.

    Args:
      name: the library; users include "<package>/<file>.capnp.h".
      srcs: .capnp files of this package. Imports between them are written from the root: import "/schema/x.capnp".
      deps: further cc_capnp_library targets whose schemas these import.
      **kwargs: passed to the cc_library.
    """
    outs = []
    for src in srcs:
        outs += [src + ".h", src + ".c++"]
    native.genrule(
        name = name + "_generate",
        srcs = srcs + [dep + "_schemas" for dep in deps],
        outs = outs,
        cmd = "PATH=$$PATH:/usr/bin $(location @capnp//:capnp_tool) compile --src-prefix=. -I. -I/usr/include " +
              "-o$(location @capnp//:capnpc_cxx):$(GENDIR) " + " ".join(["$(location %s)" % src for src in srcs]),
        message = "Generating C++ for",
        tools = [
            "@capnp//:capnp_tool",
            "@capnp//:capnpc_cxx",
        ],
        visibility = ["//visibility:private"],
    )
    native.filegroup(
        name = name + "_schemas",
        srcs = srcs,
        visibility = kwargs.get("visibility", ["//visibility:private"]),
    )
    native.cc_library(
        name = name,
        srcs = [out for out in outs if out.endswith(".c++")],
        hdrs = [out for out in outs if out.endswith(".h")],
        copts = ["-Wno-extra-semi", "-Wno-shadow", "-Wno-unused-parameter"],
        deps = deps + ["@capnp"],
        **kwargs
    )
