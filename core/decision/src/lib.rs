//! Strategy, segments, decision points, parameters by layer, combining, ground rules, verdict.
