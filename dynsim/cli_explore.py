"""``dynsim explore``: the explorer, until Ctrl-C."""

from argparse import ArgumentError, Namespace

from . import checks


def run(args: Namespace) -> int:
    """Serve the explorer until it is interrupted."""
    from .explorer import explore

    try:
        port = checks.whole(args.port, "--port")
        page = explore(args.what, link=args.link, port=port, host=args.host, device=args.device)
    except (ValueError, TypeError, ImportError) as error:
        raise ArgumentError(None, str(error)) from None
    except OSError as error:
        raise ArgumentError(
            None, f"port {args.port} of {args.host or 'localhost'}: {error.strerror or error}"
        ) from None
    print(f"the explorer is at {page.url}   (Ctrl-C ends it)", flush=True)
    if args.browser:
        page.open()
    try:
        page.wait()
    except KeyboardInterrupt:
        page.close()
        print()
    return 0
