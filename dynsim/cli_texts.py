"""What the command line says of itself: the text above and below each help."""

ABOUT = "The joint dynamics of learning rate and curvature at the edge of stability."

EXAMPLES = """\
examples:
  dynsim list                   every map, landscape, tuner, …
  dynsim list maps cdat         all about one of them
  dynsim sweep cdat --steps 10000 --over nu=0.01:1:200 --measure regime \\
      --out regimes.nc          a phase diagram, saved as NetCDF
  dynsim explore cdat           phase diagrams under the mouse, in the browser
  dynsim reproduce              the base paper's figures and claims
  dynsim train-claims --quick   what it claims of training, in a minute

'dynsim COMMAND --help' says more about each command.
"""

REPRODUCE_EXAMPLES = """\
examples:
  dynsim reproduce                      everything, in the folder reproduced
  dynsim reproduce --out ~/figures      everything, somewhere else
  dynsim reproduce --only fig4 claims   two pieces of it
  dynsim reproduce --catalogue          the field's reduced models instead
"""

TRAIN_CLAIMS_EXAMPLES = """\
examples:
  dynsim train-claims                       all eleven claims, in the folder trained
  dynsim train-claims --quick               the same code on shorter and fewer runs
  dynsim train-claims --only claim3 claim9  two of them
"""

EXPLORE_EXAMPLES = """\
examples:
  dynsim explore                            CDAT, and every other map from there
  dynsim explore self_stabilization         another map
  dynsim explore two_eigendirections.greedy a landscape with a tuner;
                                            with .delayed behind, delayed
  dynsim explore sweep.zarr                 a sweep on disk; zooms are computed anew
  dynsim explore --port 5006 --no-browser   for a browser that comes later

The page's address holds the view: it can be shared, and opened again with the
same port, or with --link. Maps of your own: ds.explore(ds.Map(step)) in Python.
"""

LIST_EXAMPLES = """\
examples:
  dynsim list                   everything, each with its equation
  dynsim list tuners            the tuners, and what each needs to be given
  dynsim list maps cdat         the whole text about one of them
"""

SWEEP_EXAMPLES = """\
grids (GRID above, and in a file):
  0.1:2:200           start:stop:count, evenly spaced, both ends included
  1e-5:1e-1:300:log   the same, evenly spaced in the logarithm
  0.1,0.2,0.5         these values

measures (MEASURE above, and in a file):
  regime              a measure without a name
  final:lam           of a state, observable or parameter: KIND:NAME
  mean:y,skip=100     with options; 'dynsim list measures' shows them
  mean:y,as=late      saved under another name, to have two of a kind

file (all keys are optional; options above override it):
  map = "self_stabilization"      # or: landscape, tuner and delay
  steps = 10000
  measure = ["final:lam", "mean:y,skip=100", "regime"]
  out = "result.nc"               # relative to where the command runs
  threads = 2
  device = "auto"                 # the GPU where there is one

  [over]                          # each name is a dim; all combinations
  eta = "0.1:2:200"
  a = [0.01, 0.03, 0.1]

  [points]                        # these vary together, along the dim "point"
  x = [0.1, 0.2]
  lam = [1.5, 1.8]

  [values]                        # everything else has its default
  b = 0.3

  --measure replaces the whole list of the file; --over and --set replace a
  name wherever the file has it; a map, landscape or tuner replaces the file's.

examples:
  dynsim sweep self_stabilization --steps 10000 --over eta=0.1:2:200 \\
      --over a=1e-5:1e-1:300:log --set b=0.3 --measure final:lam \\
      --measure mean:y,skip=100 --measure regime --out result.nc
  dynsim sweep --landscape cubic_loss --tuner cdat --delay 1 --steps 10000 \\
      --over sigma=1.5:2.5:101 --measure regime --out cubic.nc
  dynsim sweep sweep.toml --steps 100000 --out longer.nc
  dynsim sweep sweep.toml --out long.zarr --dry-run
  dynsim sweep sweep.toml --out long.zarr
  dynsim sweep --out long.zarr --status

stores:
  With --out NAME.zarr results go to a zarr store chunk by chunk. A sweep that
  was stopped, whatever stopped it, goes on when the same command is given
  again; what is there is checked, not computed anew. Open the store with
  xarray.open_zarr("NAME.zarr"), also while it grows.

Points that diverge are data: see the measures regime and lifetime. Open the
result with xarray.open_dataset("result.nc").
"""
