"""Generates text from a schema of flat messages: C++, or the tables of its documentation."""

def ringway_schema(name, src, out, output):
    """Runs the plugin of //schema/compiler over one schema.

    Args:
      name: the target.
      src: the .capnp file.
      out: the file to write.
      output: "cpp" for the header of messages, "wire" for the tables of WIRE.md.
    """
    native.genrule(
        name = name,
        srcs = [src],
        outs = [out],
        # Through a file: a pipe would hide the compiler's exit status.
        cmd = "$(location @capnp//:capnp_tool) compile --src-prefix=. -I. -I/usr/include -o- $(SRCS) > $@.request && " +
              "$(location //schema/compiler:capnpc-ringway) %s < $@.request > $@ && rm $@.request" % output,
        message = "Generating from " + src,
        tools = [
            "//schema/compiler:capnpc-ringway",
            "@capnp//:capnp_tool",
        ],
        visibility = ["//visibility:private"],
    )
