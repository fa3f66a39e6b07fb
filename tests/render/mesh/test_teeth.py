from __future__ import annotations

import numpy as np
import pytest

from lipwright.render.mesh.layers import canvas_grid
from lipwright.render.mesh.teeth import (
    colors_for_skin,
    synthetic_lower,
    synthetic_tongue,
    synthetic_upper,
)

SKINS = [(150.0, 115.0, 145.0), (60.0, 122.0, 138.0), (225.0, 120.0, 135.0), (30.0, 128.0, 128.0)]
MAKERS = [synthetic_upper, synthetic_lower, synthetic_tongue]


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("skin", SKINS)
def test_colours_stay_in_the_videos_range(skin, full_range):
    colors = colors_for_skin(skin, full_range)
    low, high = (0, 255) if full_range else (16, 235)
    for luma, u, v in (colors.teeth, colors.gum, colors.tongue, colors.cavity):
        assert low <= luma <= high
        assert 16 <= u <= 240
        assert 16 <= v <= 240


@pytest.mark.parametrize("skin", SKINS)
def test_teeth_are_lightest_and_the_throat_is_darkest(skin):
    colors = colors_for_skin(skin, False)
    assert colors.teeth[0] > colors.gum[0] > colors.tongue[0] > colors.cavity[0]
    # Teeth are paler than skin, the tongue is redder.
    assert abs(colors.teeth[2] - 128) <= abs(skin[2] - 128)
    assert colors.tongue[2] >= skin[2]


def test_the_same_light_in_either_range_gives_the_same_colours():
    limited = colors_for_skin((150.0, 115.0, 145.0), False)
    full = colors_for_skin((134.0, 115.0, 145.0), True)
    assert limited.teeth[0] - full.teeth[0] == pytest.approx(16)
    assert limited.teeth[1:] == pytest.approx(full.teeth[1:])


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize("maker", MAKERS)
def test_layers_have_true_alpha_and_colours(maker, skin, full_range):
    picture = maker(colors_for_skin(skin, full_range)).picture
    alpha = picture[..., 3]
    assert np.isfinite(picture).all()
    assert alpha.min() == 0
    assert 0.7 < alpha.max() <= 1
    seen = alpha > 0.05
    colour = picture[seen][:, :3] / alpha[seen, None]
    assert colour.min() >= 0
    assert colour[:, 0].max() <= (255 if full_range else 235)
    assert (np.abs(colour[:, 1:] - 128) <= 112).all()


@pytest.mark.parametrize("maker", MAKERS)
def test_mouths_are_symmetric(maker):
    picture = maker(colors_for_skin(SKINS[0], False)).picture
    assert np.abs(picture - picture[:, ::-1]).mean() < 0.1
    assert picture.mean() > 1


def test_upper_teeth_hang_and_lower_teeth_stand():
    _, y = canvas_grid()
    colors = colors_for_skin(SKINS[0], False)
    middle = y.shape[1] // 2 + 8  # inside a front tooth
    upper = synthetic_upper(colors).picture[:, middle, 3]
    lower = synthetic_lower(colors).picture[:, middle, 3]
    heights = y[:, middle]
    # The edges lie near the line on which the lips meet; everything else is behind the lips.
    assert 0 < heights[upper > 0.5].max() < 0.06
    assert (upper[heights < -0.02] > 0.95).all()
    assert -0.06 < heights[lower > 0.5].min() < 0.03
    assert (lower[heights > 0.05] > 0.95).all()


def test_teeth_are_as_wide_as_teeth():
    """Six front teeth of 8.5, 6.5 and 7.5 mm on either side, 63 mm between the eyes."""
    x, y = canvas_grid()
    alpha = synthetic_upper(colors_for_skin(SKINS[0], False)).picture[..., 3]
    row = np.argmin(np.abs(y[:, 0]))
    shown = np.abs(x[row][alpha[row] > 0.5])
    assert 20 / 63 < shown.max() < 30 / 63
