"""Phase diagrams under the mouse: ``ds.explore`` and ``dynsim explore``.

============ ========================================================================================================
view         what a picture shows, as a value that a link can carry
subjects     what can be explored, and how it is first shown
painting     pictures computed in a thread; newer ones overtake
colouring    a result as an image
boundaries   the theory's lines
looking      one point: its orbit, and what is measured of it
fixed        the fixed points and 2-cycles there
across       the orbit diagram along a line
derived      what the equations say, derived once; the expressions of `statements` over the `plane`
exporting    the picture, the data and the lines of Python that make them
figures      the plots
panel        the controls
page         one open page
serving      the server on localhost
============ ========================================================================================================
"""
