"""The page that shows labels and how well raters agree, beside the paper's own figures."""
