"""The documentation: ``python -m sphinx -W docs docs/_build``."""

import os
import sys
from pathlib import Path

import dynsim

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
os.environ["TQDM_DISABLE"] = "1"  # no progress bars among the outputs of the notebooks

project = "dynsim"
author = copyright = "the dynsim developers"
version = release = dynsim.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_nb",
    "sphinx_copybutton",
    "sphinx_design",
    "written_pages",
]
exclude_patterns = ["_build", "_ext", "reproduced/cubic_table.md", "**/.ipynb_checkpoints"]
suppress_warnings = ["mystnb.unknown_mime_type"]

# -- pages -----------------------------------------------------------------------------------------------------------
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build/.jupyter_cache")
nb_execution_timeout = 180
nb_execution_raise_on_error = True
nb_merge_streams = True

# -- the reference ---------------------------------------------------------------------------------------------------
default_role = "code"
smartquotes = False  # a prime is the next step
autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_use_plots = False

# -- looks -----------------------------------------------------------------------------------------------------------
html_theme = "pydata_sphinx_theme"
html_title = "dynsim"
html_static_path = ["_static"]
html_css_files = ["dynsim.css"]
html_show_sourcelink = False
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "glossary": []}
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
