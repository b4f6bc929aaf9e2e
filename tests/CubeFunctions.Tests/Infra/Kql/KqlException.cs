namespace CubeFunctions.Tests.Infra.Kql;

/// <summary>A query, or a value in it, that <see cref="KqlQuery"/> does not know.</summary>
internal sealed class KqlException(string message) : Exception(message);
