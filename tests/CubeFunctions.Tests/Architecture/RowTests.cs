using System.Runtime.Serialization;
using Azure.Data.Tables;
using CubeFunctions.Core;
using CubeFunctions.Core.Storage;
using Xunit;

namespace CubeFunctions.Tests.Architecture;

/// <summary>A lost answer is told from somebody else's write by the id of the write, which every row class has a column for.</summary>
public sealed class RowTests
{
    [Fact]
    public void Every_row_class_of_Core_holds_the_id_of_its_last_write()
    {
        var rows = typeof(CubeApplication)
            .Assembly.GetTypes()
            .Where(type => type.IsClass && type.IsAssignableTo(typeof(ITableEntity)))
            .ToList();
        Assert.NotEmpty(rows);
        Assert.Equal("", string.Join(", ", rows.Where(type => !type.IsAssignableTo(typeof(IStoredRow))).Select(type => type.Name)));

        // The SDK stores public members only: of another one nothing reaches the table, and no compiler says so.
        Assert.Equal(
            "",
            string.Join(
                ", ",
                rows.Where(type => type.GetProperty(nameof(IStoredRow.WriteId)) is not { CanRead: true, CanWrite: true })
                    .Select(type => type.Name)
            )
        );
    }

    [Fact]
    public void No_row_class_lets_the_SDK_read_an_enum()
    {
        // It reads a name that it does not know as the default, without a word.
        var enums = typeof(CubeApplication)
            .Assembly.GetTypes()
            .Where(type => type.IsClass && type.IsAssignableTo(typeof(ITableEntity)))
            .SelectMany(type =>
                type.GetProperties().Where(property => (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType).IsEnum)
            )
            .ToList();
        Assert.NotEmpty(enums);
        Assert.Equal(
            "",
            string.Join(
                ", ",
                enums
                    .Where(property => !Attribute.IsDefined(property, typeof(IgnoreDataMemberAttribute)))
                    .Select(property => $"{property.DeclaringType!.Name}.{property.Name}")
            )
        );
    }
}
